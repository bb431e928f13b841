"""For a worker of Dask: it judges by `cheap_class.judge`. To be preloaded."""

from cheap_class import judge

from course.grading import judge as judging

judging.judge = judge
