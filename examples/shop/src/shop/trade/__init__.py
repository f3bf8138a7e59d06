"""Imports a year of trade: documents are read and sent as commands. Read by: the terminal."""
