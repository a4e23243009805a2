"""Measurements, side by side with a peer where there is one; never collected by pytest."""
