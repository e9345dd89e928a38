"""The command line and supervisor: composes settings and services; the only room that knows every other."""
