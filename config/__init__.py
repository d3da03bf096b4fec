"""Settings, national standards and regional policy."""
