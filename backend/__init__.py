"""The product, packaged by feature."""
