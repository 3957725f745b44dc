"""Schedules: the learning rate of each step, from what it is set to and the number of steps taken, in one
file each.
"""
