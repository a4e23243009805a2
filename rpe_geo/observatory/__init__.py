"""Supply against demand: decays, floating catchments, coverage, hot spots."""
