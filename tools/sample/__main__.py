"""python -m tools.sample FOLDER [--study daoli|jilin-forestry]: writes a sample study as FOLDER/<study>."""

import argparse
from pathlib import Path

from tools.sample import STUDIES, STUDY, write_sample_study

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("folder", type=Path)
parser.add_argument("--study", choices=STUDIES, default=STUDY)
chosen = parser.parse_args()
write_sample_study(chosen.folder, study=chosen.study)
