print("vedetted")
