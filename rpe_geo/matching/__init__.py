"""Feasibility, ranking, relaxation and combination: pure, from registry to verdicts."""
