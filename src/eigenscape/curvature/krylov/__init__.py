"""Krylov spaces: Lanczos runs, their bases, and restarts."""
