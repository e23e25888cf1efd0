"""What answers look like: the API's vocabulary, from which its OpenAPI document is made."""
