"""Critical points of sampled landscapes, all of them or those a search finds."""
