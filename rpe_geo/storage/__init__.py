"""The registry on SQLite and on PostGIS: one set of tables, one repository."""
