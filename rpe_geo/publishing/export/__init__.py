"""An observatory as one file for other programs: GeoPackage, GeoParquet, GeoJSON, FlatGeobuf, XLSX, CSV on the Web."""
