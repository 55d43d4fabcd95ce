"""Simulated cohorts that agree with a paper, one module per study."""

from rairlib.simulation.studies import Simulation, achieved, simulation_of

__all__ = ["Simulation", "achieved", "simulation_of"]
