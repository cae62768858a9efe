"""Run the step of the pictures' data that SHOTS_STEP names; joined to the others."""

import json
import os

made = STEPS[os.environ["SHOTS_STEP"]]()
env.cr.commit()
print("SHOTS " + json.dumps(made))
