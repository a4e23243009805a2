"""When care can begin: the first lawful start of every childminder, found at once."""
