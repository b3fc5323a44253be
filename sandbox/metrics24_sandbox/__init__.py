"""A local 24Metrics."""
