"""Solvers: methods that take their steps from second derivatives, or from what gradients tell of them, each
in one file. They are functions of Python, whose text becomes part of a generated module.

A solver is called as `solver(trainer, loss, slope, product, report)`. `loss()` is the loss at
`trainer.vector`, in which all parameters lie one after another; `slope()` then writes its gradient to
`trainer.gradient`; `product()` writes a matrix of second derivatives times `trainer.direction` to
`trainer.product_vector`, as often as it is called after them. `report(loss, norm)`, called once a step,
says whether to end. The settings are attributes of the trainer, as are the further vectors that a solver
asks for.
"""
