"""Requests and models of the 24Metrics API, generated from openapi/spec.yaml; never edited by hand."""
