"""The painter: results in, folium.Map out; no query, no file."""
