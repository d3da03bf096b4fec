"""Routes for the audience `manager`."""
