"""Speaking to the clients of WebSocket APIs."""
