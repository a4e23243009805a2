"""The commission: many families, their places, by published points or by the needs covered, lawfully and with reasons."""
