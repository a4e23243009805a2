"""What the law and the family forbid, each law once, on arrays of providers × weeks × quarter-hours."""
