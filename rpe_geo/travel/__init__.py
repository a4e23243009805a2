"""Travel times, routes and isochrones on streets, by public transport or in a straight line."""
