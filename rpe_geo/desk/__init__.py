"""The desk of a relais: accounts and roles, the life of a request, what is counted from it."""
