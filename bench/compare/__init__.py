"""The comparison of firn with its peers: plan, jobs, tables and report (docs/comparison.md)."""
