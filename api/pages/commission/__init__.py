"""The pages of the commission: requests, places, barème, results; each step is a page."""
