"""Check whether a server matches the spec: one engine for the commands doctor and drift."""
