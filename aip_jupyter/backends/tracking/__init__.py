"""Tracking backends: experiments, runs, points, links."""
