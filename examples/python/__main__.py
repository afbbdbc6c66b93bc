import pulumi
from pulumi_meshwright import Namespace, Routes

shop = Namespace("shop", injection=True)
routes = Routes(
    "routes",
    namespace=shop.name,
    services={"orders": {"versions": ["v1", "v2"], "weights": {"v1": "rest", "v2": 10}}},
    opts=pulumi.ResourceOptions(depends_on=[shop]),
)
pulumi.export("weights", routes.weights)
