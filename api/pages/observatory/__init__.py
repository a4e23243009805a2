"""The observatory's page."""
