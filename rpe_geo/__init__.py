"""Geospatial matching and planning for the relais petite enfance."""

__version__ = "0.1.0"
