"""Nothing to configure here: the plugin `course.grading.plugin` comes with the installed course."""
