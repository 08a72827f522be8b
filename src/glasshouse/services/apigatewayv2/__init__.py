"""API Gateway's second generation: HTTP APIs and WebSocket APIs."""
