"""The wines that ``load_catalogue`` puts into an empty shop. Growers, vineyards and wines are invented."""

MERCHANTS = [
    {
        "slug": "quandong-hill",
        "name": "Quandong Hill",
        "region": "Clare Valley, South Australia",
        "motif": "hill",
        "about": "Eleven hectares of red loam over slate, planted by the family in 1971 and never irrigated. They pick "
        "at night and press before sunrise.",
    },
    {
        "slug": "two-magpies",
        "name": "Two Magpies",
        "region": "McLaren Vale, South Australia",
        "motif": "magpies",
        "about": "Two sisters, one shed and a rented vineyard of old bush vines within sight of the gulf. Little oak, "
        "no fining, and every label drawn at the kitchen table.",
    },
    {
        "slug": "old-siding",
        "name": "Old Siding",
        "region": "Yarra Valley, Victoria",
        "motif": "tramway",
        "about": "The vines follow a timber railway that closed in 1934. Cool mornings, long autumns, and a cellar "
        "built from its sleepers.",
    },
    {
        "slug": "lamp-point",
        "name": "Lamp Point",
        "region": "Tamar Valley, Tasmania",
        "motif": "lighthouse",
        "about": "The most southerly grower in the shop. Wind off the strait keeps the crops small and the acidity "
        "bright, which suits sparkling and sweet wine alike.",
    },
]

WINES = [
    {
        "sku": "QH-RIES-23",
        "merchant": "quandong-hill",
        "name": "Riesling",
        "vintage": 2023,
        "style": "white",
        "bottle": "hock",
        "unit_price": "26.00",
        "stock_count": 48,
        "options": {"Bottle": "750 mL", "Closure": "Screw cap", "Alcohol": "12 %"},
        "summary": "Lime, slate and a long dry finish.",
        "description": "Picked in the first week of March from the top of the hill, where the slate comes to the "
        "surface. It smells of lime blossom and wet stone, tastes of lime pith and green apple, and finishes as dry "
        "as chalk. Good now with oysters, better in eight years with a roast chicken.",
    },
    {
        "sku": "QH-SHIR-21",
        "merchant": "quandong-hill",
        "name": "Shiraz",
        "vintage": 2021,
        "style": "red",
        "bottle": "burgundy",
        "unit_price": "34.00",
        "stock_count": 60,
        "options": {"Bottle": "750 mL", "Closure": "Screw cap", "Alcohol": "14 %"},
        "summary": "Blackberry, pepper and warm earth.",
        "description": "Fifty-year-old vines and open fermenters, then fourteen months in barrels that have seen a "
        "few vintages already. Blackberries and plum skin first, white pepper after, and tannins that ask for lamb "
        "from the grill.",
    },
    {
        "sku": "QH-CABM-20",
        "merchant": "quandong-hill",
        "name": "Cabernet Malbec",
        "vintage": 2020,
        "style": "red",
        "bottle": "bordeaux",
        "unit_price": "38.50",
        "stock_count": 24,
        "options": {"Bottle": "750 mL", "Closure": "Cork", "Alcohol": "14 %"},
        "summary": "Cassis and violets in an old Clare blend.",
        "description": "Two thirds cabernet for the frame, one third malbec for the middle: the blend the valley was "
        "known for before single varieties were in fashion. Cassis, violets, bay leaf and a touch of cedar. Open it "
        "an hour before dinner.",
    },
    {
        "sku": "TM-GREN-22",
        "merchant": "two-magpies",
        "name": "Bush Vine Grenache",
        "vintage": 2022,
        "style": "red",
        "bottle": "burgundy",
        "unit_price": "32.00",
        "stock_count": 36,
        "options": {"Bottle": "750 mL", "Closure": "Screw cap", "Alcohol": "13.5 %"},
        "summary": "Raspberry and dried herbs, light on its feet.",
        "description": "Hand-picked from vines that stand alone like small trees in the sand. A third of the bunches "
        "go in whole, which brings the scent of rosemary and orange peel. Serve it a little cool, with a pizza or a "
        "plate of lamb and olives.",
    },
    {
        "sku": "TM-FIAN-23",
        "merchant": "two-magpies",
        "name": "Fiano",
        "vintage": 2023,
        "style": "white",
        "bottle": "bordeaux",
        "unit_price": "25.00",
        "stock_count": 30,
        "options": {"Bottle": "750 mL", "Closure": "Screw cap", "Alcohol": "12.5 %"},
        "summary": "Pear, almond and sea salt.",
        "description": "A southern Italian grape that keeps its freshness in a warm summer by the gulf. Whole bunches, "
        "wild yeast and five months on its lees give it the texture of pear skin; the finish is almond and salt. "
        "Pour it with grilled squid.",
    },
    {
        "sku": "TM-ROSE-24",
        "merchant": "two-magpies",
        "name": "Rosé of Grenache",
        "vintage": 2024,
        "style": "rose",
        "bottle": "burgundy",
        "unit_price": "24.00",
        "stock_count": 3,
        "options": {"Bottle": "750 mL", "Closure": "Screw cap", "Alcohol": "12.5 %"},
        "summary": "Watermelon and blood orange, quite dry.",
        "description": "Picked early for the purpose and pressed straight away, so it is the colour of the inside of "
        "a shell. Watermelon, blood orange and a grip at the end that makes it a wine for the table. Only a few "
        "bottles are left of this vintage.",
    },
    {
        "sku": "OS-CHAR-22",
        "merchant": "old-siding",
        "name": "Chardonnay",
        "vintage": 2022,
        "style": "white",
        "bottle": "burgundy",
        "unit_price": "42.00",
        "stock_count": 28,
        "options": {"Bottle": "750 mL", "Closure": "Screw cap", "Alcohol": "13 %"},
        "summary": "White peach, flint and a little oak.",
        "description": "From the south-facing rows above the cutting. It ferments in barrels, a fifth of them new, and "
        "stays there for ten months unstirred. White peach and grapefruit, a struck match, toasted hazelnut as it "
        "warms. For a whole snapper, or a quiet evening.",
    },
    {
        "sku": "OS-PINO-22",
        "merchant": "old-siding",
        "name": "Pinot Noir",
        "vintage": 2022,
        "style": "red",
        "bottle": "burgundy",
        "unit_price": "48.00",
        "stock_count": 18,
        "options": {"Bottle": "750 mL", "Closure": "Screw cap", "Alcohol": "13 %"},
        "summary": "Red cherry, forest floor and silk.",
        "description": "Four clones from one slope, picked over nine days and put together only in spring. Red cherry "
        "and cranberry on top, mushrooms and damp leaves below, tannins like silk. Duck is the obvious thing; "
        "a mushroom risotto does as well.",
    },
    {
        "sku": "OS-PGRI-23",
        "merchant": "old-siding",
        "name": "Skin Contact Pinot Gris",
        "vintage": 2023,
        "style": "orange",
        "bottle": "hock",
        "unit_price": "36.00",
        "stock_count": 0,
        "options": {"Bottle": "750 mL", "Closure": "Crown seal", "Alcohol": "12.5 %"},
        "summary": "Copper in colour, quince and tea to taste.",
        "description": "Eleven days on its skins, then old oak and no filter: expect a haze. Quince, rosehip and black "
        "tea, with enough tannin to stand up to a curry. The next release comes off the line in spring.",
    },
    {
        "sku": "LP-BRUT-NV",
        "merchant": "lamp-point",
        "name": "Brut",
        "vintage": None,
        "style": "sparkling",
        "bottle": "sparkling",
        "unit_price": "46.00",
        "stock_count": 40,
        "options": {"Bottle": "750 mL", "Closure": "Cork and wire", "Alcohol": "12 %"},
        "summary": "Lemon curd, brioche and fine bubbles.",
        "description": "Chardonnay and pinot noir from three vintages, a second ferment in this very bottle and thirty "
        "months on the yeast. Lemon curd and brioche, oyster shell, and a bead that lasts longer than the first "
        "course.",
    },
    {
        "sku": "LP-MOSC-24",
        "merchant": "lamp-point",
        "name": "Moscato",
        "vintage": 2024,
        "style": "sparkling",
        "bottle": "sparkling",
        "unit_price": "18.00",
        "stock_count": 72,
        "options": {"Bottle": "750 mL", "Closure": "Crown seal", "Alcohol": "6 %"},
        "summary": "Grapes, musk and half the alcohol.",
        "description": "The ferment is stopped half-way by cold, which leaves the sweetness of the grape and a gentle "
        "fizz. It tastes of muscat grapes, musk sticks and mandarin. For late breakfasts and fruit tarts.",
    },
    {
        "sku": "LP-BOTR-21",
        "merchant": "lamp-point",
        "name": "Botrytis Riesling",
        "vintage": 2021,
        "style": "sweet",
        "bottle": "half",
        "unit_price": "35.00",
        "stock_count": 16,
        "options": {"Bottle": "375 mL", "Closure": "Screw cap", "Alcohol": "10 %"},
        "summary": "Apricot, marmalade and honey, kept bright.",
        "description": "In the wet autumn of 2021 noble rot reached the last rows by the water, and the family waited. "
        "Dried apricot, marmalade and honeycomb, held upright by Tasmanian acidity. A half bottle is enough for six "
        "and a blue cheese.",
    },
    {
        "sku": "QH-SHIR-06",
        "merchant": "quandong-hill",
        "name": "Museum Release Shiraz",
        "vintage": 2006,
        "style": "red",
        "bottle": "burgundy",
        "unit_price": "120.00",
        "stock_count": 4,
        "is_kept_in_cart": True,
        "options": {"Bottle": "750 mL", "Closure": "Cork", "Alcohol": "14 %"},
        "summary": "Fig, cedar and old leather, from the grower’s own cellar.",
        "description": "The family put a few dozen aside in 2006 and forgot them behind the press. Dried fig, cedar, "
        "old leather and a finish that goes on while the plates are cleared. There are four bottles and no more to "
        "come, so what you put into your cart is kept for you for some minutes while you look for your card.",
    },
]
