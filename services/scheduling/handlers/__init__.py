"""The use cases that change something: load, one domain call, save.

Transactions see a snapshot, so two that read each other's ground and write elsewhere could both be
right alone and wrong together. Therefore: whoever judges a session writes it, whoever books a
patient saves the patient, whoever gives a clinician work, or licenses, saves the clinician.
"""
