"""The story of a shop that `shop demo` tells. Read by: the terminal."""
