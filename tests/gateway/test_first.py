def test_who(aws):
    assert aws("sts").get_caller_identity()["Account"] == "000000000000"
    s=aws("ssm"); s.put_parameter(Name="/a", Value="b", Type="String"); assert s.get_parameter(Name="/a")["Parameter"]["Value"]=="b"
