"""What people and other systems read over HTTP: the API, live events, exports and pages."""
