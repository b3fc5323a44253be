"""metrics24: the Python client for the 24Metrics ad-fraud API."""

__version__ = "0.1.0"
