"""JSON, CSV and XLSX to domain objects and back: the only place that knows file, row and field."""
