"""Streets: from OpenStreetMap's tags to the network of a mode."""
