"""Public transport: timetables, footpaths and the search of journeys."""
