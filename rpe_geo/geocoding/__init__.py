"""French addresses to points, from open address files or the Géoplateforme."""
