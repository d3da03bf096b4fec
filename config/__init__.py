"""Settings of the deployment, national standards and regional policy."""
