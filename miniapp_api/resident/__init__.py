"""Routes for the audience `resident`."""
