"""What tells others by itself: MQTT and webhooks. Both send the newest state, not each change."""
