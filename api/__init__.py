"""The service: JSON API and French pages over one Relais."""
