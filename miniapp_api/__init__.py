"""Every HTTP route, by audience; one file a feature, schemas above, routes below."""
