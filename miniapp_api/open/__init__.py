"""Routes for the audience `open`."""
